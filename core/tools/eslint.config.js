// The rules that matter here, each with its reason. Style is left to the writer; bugs and walls are not.
import tseslint from 'typescript-eslint'

const components = ['receivers', 'processors', 'exporters']

/** Import walls: a room may reach only what its line in core/README.md says. */
const wall = (files, patterns) => ({
  files,
  rules: { 'no-restricted-imports': ['error', { patterns: patterns.map(([group, message]) => ({ group: [group].flat(), message })) }] }
})

export default tseslint.config(
  { ignores: ['dist/**', 'node_modules/**', '**/*.mjs', '**/*.js', 'core/api/gen/**'] },
  {
    files: ['**/*.ts', '**/*.tsx'],
    languageOptions: { parser: tseslint.parser, parserOptions: { projectService: true } },
    plugins: { '@typescript-eslint': tseslint.plugin },
    rules: {
      // A lost promise is a lost outcome: back-pressure and shutdown would not see it.
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      'no-console': 'error',
      'no-restricted-syntax': ['error', {
        selector: 'CallExpression[callee.object.name="AbortSignal"][callee.property.name="any"] CallExpression[callee.object.name="AbortSignal"][callee.property.name="timeout"]',
        message: 'in Node 20 it never aborts once the signal of the timeout is collected: core/component/in-time.ts'
      }],
      eqeqeq: ['error', 'always'],
      'prefer-const': 'error',
      // Only the program's entry may end the process: anything else would skip the drain.
      'no-restricted-properties': ['error', { object: 'process', property: 'exit', message: 'only core/cli/main.ts may end the process' }]
    }
  },
  { files: ['core/cli/main.ts'], rules: { 'no-restricted-properties': 'off', 'no-console': 'off' } },
  { files: ['core/tools/**', 'test/**', 'configs/**', '**/*.test.ts'], rules: { 'no-console': 'off' } },
  // node:test, which its tests use as those of a plugin outside do, waits for them by itself.
  { files: ['configs/plugins/*/src/**/*.test.ts'], rules: { '@typescript-eslint/no-floating-promises': 'off' } },
  wall(['core/**/*.ts'], [[['**/receivers/**', '**/processors/**', '**/exporters/**'], 'core knows no component by name; components register through their room\'s index.ts']]),
  { files: ['core/cli/registry.ts', 'core/tools/**/*.ts', 'core/**/*.test.ts'], rules: { 'no-restricted-imports': 'off' } },
  ...components.map(room => wall([`${room}/**/*.ts`], [
    [components.filter(c => c !== room).map(c => `**/${c}/**`), 'components never import each other; share through core'],
    [['../../bpf/**', '../../native/*/**'], 'reach the kernel side through native/index.ts only']
  ])),
  { files: ['receivers/**/*.test.ts', 'processors/**/*.test.ts', 'exporters/**/*.test.ts'], rules: { 'no-restricted-imports': 'off' } }
)
