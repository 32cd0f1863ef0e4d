/** `import … from 'tapio/testing'`: what the test of a component needs, and nothing else. Works with any test runner. */
export { contractTests, type ContractCase, type ContractTest } from './testing/contract.js'
export { eventBatch, events } from './testing/event-batch.js'
export { FakeClock } from './testing/fake-clock.js'
export { runComponent, type RunningComponent, type RunOptions } from './testing/run-component.js'
export { Source } from './testing/source.js'
export type { Component, Exporter, Processor, Receiver } from './component/component.js'
export {
  CollectingConsumer, deadlineIn, RecordingHost, RecordingLogger, RecordingMeter, RecordingStatus, silentLogger, Sink, testBench, type TestBench
} from './testing/services.js'
