import { ServiceProcess } from './service-process.js';

/** Every service of the product that is a process of its own; the gateway is the door. */
export const productServices = [
  'tenancy',
  'governance',
  'hitl',
  'learning',
  'agent-runtime',
  'webhook-gateway',
  'gateway',
] as const;

export type ProductService = (typeof productServices)[number];

/** Where the processes are to find what they need. */
export interface ProductOptions {
  /** The repository, built. */
  readonly root: URL;
  /** Variables for all of them: the engines, keys. */
  readonly environment: Readonly<Record<string, string>>;
  /** Over those, for one service. */
  readonly environmentOf?: (service: ProductService) => Readonly<Record<string, string>>;
  /** How many processes of each; 1 unless told. */
  readonly replicas?: number;
  /** Sees the output of every process, by its name. */
  readonly onOutput?: (name: string, chunk: string) => void;
}

/** The product as separate processes on this machine. */
export class ProductProcesses {
  readonly processes: readonly ServiceProcess[];

  private constructor(processes: readonly ServiceProcess[]) {
    this.processes = processes;
  }

  /** Starts all of them at once and waits until each is ready; when one is not, none is left. */
  static async start(options: ProductOptions): Promise<ProductProcesses> {
    const numbers = Array.from({ length: options.replicas ?? 1 }, (_, index) => index + 1);
    const product = new ProductProcesses(
      productServices.flatMap((service) => numbers.map((number) => processOf(service, number, options))),
    );
    const started = await Promise.allSettled(product.processes.map((each) => each.start()));
    const failed = started.find((result) => result.status === 'rejected');
    if (failed === undefined) return product;
    await product.stop();
    throw failed.reason;
  }

  /** Addresses of the API, one for each gateway. */
  get urls(): string[] {
    return this.processes.flatMap(({ url }) => (url === undefined ? [] : [url]));
  }

  /** The first process of a service; throws when there is none. */
  of(service: ProductService): ServiceProcess {
    const found = this.processes.find(({ name }) => name === service);
    if (found === undefined) throw new Error(`no process of ${service}`);
    return found;
  }

  /** Stops them: the gateway first, so that nobody is let in any more, then the rest; gives the exit codes by name. */
  async stop(): Promise<Record<string, number | null>> {
    const isDoor = ({ name }: ServiceProcess) => name.startsWith('gateway');
    const end = async (each: ServiceProcess) => [each.name, await each.stop()] as const;
    const doors = await Promise.all(this.processes.filter(isDoor).map(end));
    const others = await Promise.all(this.processes.filter((each) => !isDoor(each)).map(end));
    return Object.fromEntries([...doors, ...others]);
  }
}

function processOf(service: ProductService, number: number, options: ProductOptions): ServiceProcess {
  const name = number === 1 ? service : `${service}-${number}`;
  const { onOutput } = options;
  return new ServiceProcess({
    name,
    main: new URL(`apps/${service}/dist/main.js`, options.root).pathname,
    environment: { HOST: '127.0.0.1', ...options.environment, ...options.environmentOf?.(service) },
    ...(onOutput === undefined ? {} : { onOutput: (chunk) => onOutput(name, chunk) }),
  });
}
