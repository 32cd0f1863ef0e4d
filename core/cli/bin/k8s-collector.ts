#!/usr/bin/env -S node --max-semi-space-size=2
import { seedArguments } from '../seed-programs.js'

process.argv.splice(2, Infinity, ...seedArguments('k8s-collector', process.argv.slice(2)))
await import('../main.js')
