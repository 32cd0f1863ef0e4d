/** Scenes and libraries for tests of this room. */
import { Dependencies } from '../correlation/dependencies.js'
import { layers, type Detail, type Layer, type Symptom } from '../correlation/symptom.js'
import { Symptoms } from '../correlation/symptoms.js'
import type { KubeObject } from '../kubernetes/objects.js'
import { ClusterModel } from '../topology/cluster-model.js'
import { within } from './current.js'
import { Expressions, isFault } from './expression.js'
import { PatternLibrary } from './library.js'
import { entityNamed } from './run-test.js'
import type { Scene } from './scene.js'
import { Scope, variables } from './scope.js'
import { World } from './world.js'

export const nowMs = Date.parse('2026-01-01T12:00:00Z')

/** `[sign, entity, message?, agoMs?, count?]`. */
export type Seen = readonly [sign: string, entity: string, message?: string, agoMs?: number, count?: number, detail?: Detail]

export interface MutableScene extends Scene { readonly dependencies: Dependencies }

export function sceneWith (objects: readonly object[] = [], seen: readonly Seen[] = []): MutableScene {
  const model = new ClusterModel()
  for (const object of objects) model.put((object as KubeObject).kind ?? '', object as KubeObject, nowMs)
  const symptoms = new Symptoms()
  for (const one of seen) see(symptoms, one)
  return { model, symptoms, dependencies: new Dependencies(), nowMs }
}

export function see (symptoms: Symptoms, [sign, entity, message = '', agoMs = 30_000, count = 1, detail = {}]: Seen): Symptom | undefined {
  const [head] = sign.split('.', 1)
  const layer = layers.includes(head as Layer) ? head as Layer : 'k8s'
  return symptoms.see({ sign, layer, role: 'trouble', entity: entityNamed(entity), detail, severity: 17, timeMs: nowMs - agoMs, confidence: 1, count, evidence: { eventId: '', source: 'test', name: sign, message } })
}

/** What an expression about `subject` gives; a text that begins with `fault:` or `error:` when it gives nothing. */
export function valueOf (source: string, scene: Scene = sceneWith(), subject = 'Pod/shop/none', names: Readonly<Record<string, unknown>> = {}): unknown {
  const expression = new Expressions([...Object.keys(variables), ...Object.keys(names)]).compile(source)
  if (isFault(expression)) return `fault: ${expression.message}`
  const world = new World(scene)
  return within(world, () => {
    const scope = new Scope(world, entityNamed(subject))
    world.askedNamespace = scope.namespace
    const context = Object.assign(Object.create(scope.context) as object, names)
    try {
      return expression.run(context)
    } catch (error) {
      return `error: ${(error as Error).message.split('\n', 1)[0] ?? ''}`
    }
  })
}

/** One pattern of subject, conditions (YAML flow) and more keys (YAML lines at pattern level). */
export function patternText (when: string, { id = 'test.one', subject = 'Pod', more = '' } = {}): string {
  const rest = more === '' ? '' : `\n${more.split('\n').map(line => `    ${line}`).join('\n')}`
  return `version: 1\npatterns:\n  - id: ${id}\n    layer: k8s\n    subject: ${subject}\n    when: [${when}]\n    score: 0.5\n    title: it is {{subject.metadata.name}}\n    why: because${rest}\n`
}

/** Throws when the text has faults other than warnings. */
export function libraryOf (...texts: readonly string[]): PatternLibrary {
  const loaded = texts.map((text, i) => PatternLibrary.parse(text, `test-${i}.yaml`))
  const fault = loaded.flatMap(l => l.faults).find(f => f.severity === 'error')
  if (fault !== undefined) throw new Error(`${fault.file}:${fault.line}:${fault.column}: ${fault.message}`)
  return new PatternLibrary(loaded.flatMap(l => l.library.patterns), [])
}
