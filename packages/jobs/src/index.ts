export * from './in-process-job-driver.js';
export * from './job-driver.js';
export * from './job-host.js';
export * from './job.js';
export * from './jobs-log.js';
export * from './jobs.js';
export { bindingOf, Exhausted, type JobBinding, Processes, Refills } from './processes.js';
export { GiveUp } from './run-attempt.js';
export * from './time.js';
