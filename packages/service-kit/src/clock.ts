/** What time it is. Services ask this and never `Date`, so that tests can move time. */
export class Clock {
  now(): Date {
    return new Date();
  }
}
