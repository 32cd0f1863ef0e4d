import { generate } from './generate.js'
import { scenarios } from './scenarios/index.js'
const plain = { name: 'plain', noise: Number(process.argv[2] ?? 1), skewMs: 0 }
for (const s of scenarios) {
  const t = performance.now()
  try {
    const story = generate([s], 7, plain)
    const rows = story.deliveries.reduce((n, d) => n + d.batch.count, 0)
    const byName = new Map<string, number>()
    for (const d of story.deliveries) {
      if (d.isNoise || d.timeMs < story.faultMs - 30000) continue
      for (const row of d.batch) { const sev = row.get('severity') ?? 0; if (sev >= 13 || row.get('statusCode') === 2) { const k = `${row.get('source')}:${row.signal === 'logs' ? 'log' : row.signal === 'traces' ? 'span' : row.get('name')}`; byName.set(k, (byName.get(k) ?? 0) + 1) } }
    }
    console.log(s.name, rows, 'rows', Math.round(performance.now() - t), 'ms', [...byName].sort((a, b) => b[1] - a[1]).map(([k, n]) => `${k}=${n}`).join(' '))
  } catch (e) { console.log('FAILED', s.name, e) }
}
