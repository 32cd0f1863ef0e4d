/** A@1 and A@3 as the benchmark counts them: phase, object and cause all equal. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import Table from 'cli-table3'
import type { Answer } from './answers.js'

interface Truth extends Answer { readonly category: string }

const key = ({ taxonomy, object, rootCause }: Answer): string => `${taxonomy}|${object}|${rootCause}`.toLowerCase()

export function printScore (dir: string, answers: ReadonlyMap<string, readonly Answer[]>): void {
  const truths = new Map(readdirSync(dir).filter(f => f.endsWith('.json')).map(f => [f.slice(0, -5), truthOf(join(dir, f))]))
  const table = new Table({ head: ['category', 'cases', 'A@1', 'A@3'], style: { head: [], border: [] } })
  const categories = [...new Set([...truths.values()].map(t => t.category))].sort()
  for (const category of [...categories, 'ALL']) {
    const [n, first, third] = count([...truths].filter(([, t]) => category === 'ALL' || t.category === category), answers)
    table.push([category, n, (first / n).toFixed(3), (third / n).toFixed(3)])
  }
  console.log(table.toString())
  // Halves by cause: each cause's cases in the order of their ids, every other one. What was learned on one half must hold on the other.
  const halves = [0, 1].map(half => [...truths].filter(([id]) => turnOf(id, truths) % 2 === half))
  for (const [i, half] of halves.entries()) {
    const [n, first, third] = count(half, answers)
    console.log(`half ${i + 1}: ${n} cases, A@1 ${(first / n).toFixed(3)}, A@3 ${(third / n).toFixed(3)}`)
  }
  const wrong = [...truths].filter(([id, t]) => key(answers.get(id)?.[0] ?? empty) !== key(t))
  const pairs = new Map<string, number>()
  for (const [id, t] of wrong) { const pair = `${t.rootCause} -> ${answers.get(id)?.[0]?.rootCause ?? 'nothing'}`; pairs.set(pair, (pairs.get(pair) ?? 0) + 1) }
  console.log('most frequent confusions:')
  for (const [pair, n] of [...pairs].sort((a, b) => b[1] - a[1]).slice(0, 15)) console.log(`  ${n} x ${pair}`)
  if (process.env.RCA_WRONG !== undefined) for (const [id, t] of wrong) console.log(`  ${id} ${t.object} ${t.rootCause} <- ${(answers.get(id) ?? []).slice(0, 3).map(a => `${a.object} ${a.rootCause}`).join('; ')}`)
}

/** The how-manieth of its cause a case is. */
function turnOf (id: string, truths: ReadonlyMap<string, Truth>): number {
  return [...truths].filter(([, t]) => t.rootCause === truths.get(id)?.rootCause).map(([other]) => other).sort().indexOf(id)
}

const empty: Answer = { taxonomy: '', object: '', rootCause: '' }

function count (cases: readonly (readonly [string, Truth])[], answers: ReadonlyMap<string, readonly Answer[]>): [number, number, number] {
  let [first, third] = [0, 0]
  for (const [id, truth] of cases) {
    const ranked = (answers.get(id) ?? []).slice(0, 3).map(key)
    if (ranked[0] === key(truth)) first++
    if (ranked.includes(key(truth))) third++
  }
  return [cases.length, first, third]
}

function truthOf (path: string): Truth {
  const t = JSON.parse(readFileSync(path, 'utf8')) as Record<string, string>
  return { taxonomy: t.fault_taxonomy ?? '', object: t.fault_object ?? '', rootCause: t.root_cause ?? '', category: t.category ?? '?' }
}
