import { metrics, type Attributes, type Histogram, type Meter, type MeterProvider } from '@opentelemetry/api';

/** Under which name the process' meter is asked for. */
const meterName = 'support101';

/** What can be measured under one name: as it appears at /metrics, by Prometheus' customs. */
export interface Instrument {
  readonly name: string;
  readonly kind: 'counter' | 'histogram' | 'gauge';
  /** UCUM: `s`, `By`, `1`, or what is counted in braces. */
  readonly unit: string;
  readonly description: string;
  /** Every series has exactly these; none of them ever holds a tenant, a user or another id. */
  readonly labels: readonly string[];
}

/** The labels of one series. */
export type Labels<L extends string> = Readonly<Record<L, string>>;

/** Tells one value of a gauge or of a counter that is kept elsewhere. */
export type Observe<L extends string> = (value: number, labels: Labels<L>) => void;

type Declared<L extends string> = Omit<Instrument, 'kind' | 'labels'> & { readonly labels: readonly L[] };

/**
 * Made when the process first uses it after it began to measure: the global provider is set at the start of a process,
 * long after modules were loaded, and by another one in each test. Without a provider, using it does nothing.
 */
class Lazy<T> {
  #provider: MeterProvider | undefined;
  #made: T | undefined;

  constructor(private readonly make: (meter: Meter) => T) {}

  get(): T {
    const provider = metrics.getMeterProvider();
    if (this.#made === undefined || provider !== this.#provider) {
      this.#provider = provider;
      this.#made = this.make(provider.getMeter(meterName));
    }
    return this.#made;
  }
}

/** Counts what happened. */
export class CounterInstrument<L extends string> implements Instrument {
  readonly kind = 'counter';
  readonly name: string;
  readonly unit: string;
  readonly description: string;
  readonly labels: readonly L[];
  readonly #counter = new Lazy((meter) => meter.createCounter(this.name, this));

  constructor(declared: Declared<L>) {
    this.name = declared.name;
    this.unit = declared.unit;
    this.description = declared.description;
    this.labels = declared.labels;
  }

  /** Adds one, or `count`. */
  add(labels: Labels<L>, count = 1): void {
    this.#counter.get().add(count, labels);
  }
}

/** Upper bounds of the classes of a duration, in seconds. */
const durationBounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** Sorts durations, in seconds, into classes. */
export class DurationInstrument<L extends string> implements Instrument {
  readonly kind = 'histogram';
  readonly unit = 's';
  readonly name: string;
  readonly description: string;
  readonly labels: readonly L[];
  readonly #histogram: Lazy<Histogram>;

  constructor(declared: Omit<Declared<L>, 'unit'>) {
    this.name = declared.name;
    this.description = declared.description;
    this.labels = declared.labels;
    const { description, unit } = this;
    const options = { description, unit, advice: { explicitBucketBoundaries: durationBounds } };
    this.#histogram = new Lazy((meter) => meter.createHistogram(this.name, options));
  }

  /** Records the time since `startedAt`, a value of `performance.now()`. */
  since(startedAt: number, labels: Labels<L>): void {
    this.#histogram.get().record(Math.max(0, performance.now() - startedAt) / 1_000, labels);
  }
}

/** Shows what is true when somebody asks. */
export class GaugeInstrument<L extends string> implements Instrument {
  readonly name: string;
  readonly unit: string;
  readonly description: string;
  readonly labels: readonly L[];

  constructor(
    declared: Declared<L>,
    /** A counter here is one that something else keeps, such as the operating system. */
    readonly kind: 'gauge' | 'counter' = 'gauge',
  ) {
    this.name = declared.name;
    this.unit = declared.unit;
    this.description = declared.description;
    this.labels = declared.labels;
  }

  /**
   * From now on `read` is asked at each collection; what it cannot tell is left out then. Several may be asked, each for
   * its own labels. Gives the function that ends it. The process must measure already.
   */
  observe(read: (observe: Observe<L>) => void | Promise<void>): () => void {
    const meter = metrics.getMeter(meterName);
    const instrument =
      this.kind === 'gauge' ? meter.createObservableGauge(this.name, this) : meter.createObservableCounter(this.name, this);
    const callback = (result: { observe(value: number, labels: Attributes): void }) =>
      read((value, labels) => result.observe(value, labels));
    instrument.addCallback(callback);
    return () => instrument.removeCallback(callback);
  }
}
