import { systemTime, type TimeSource } from '@support101/time';

/** What time it is, for services. They ask this and never `Date`, so that tests can move time. */
export class Clock {
  constructor(private readonly source: TimeSource = systemTime) {}

  now(): Date {
    return this.source.now();
  }
}
