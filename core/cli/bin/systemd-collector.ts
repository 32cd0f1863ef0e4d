#!/usr/bin/env node
import { seedArguments } from '../seed-programs.js'

process.argv.splice(2, Infinity, ...seedArguments('systemd-collector', process.argv.slice(2)))
await import('../main.js')
