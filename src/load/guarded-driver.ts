import type {
  ClientOptions,
  ClientPublish,
  Driver,
  DriverClient,
  DriverPorts,
  DriverTraits,
  NewClient,
  PublishOutcome,
} from '../drivers/driver.ts';
import { type LinkEvents, type Timer, tellBytes } from '../protocol/ports.ts';
import { failureIn } from './driver-failure.ts';

/** A module of the user's that is no driver. */
export class DriverFileError extends Error {
  override readonly name = 'DriverFileError';
}

/**
 * A driver of the user's own. An exception in its code costs the client in which it happened, which tells its
 * observer why and does nothing from then on; the process and the other clients go on.
 */
export class GuardedDriver implements Driver {
  readonly name: string;
  readonly traits: DriverTraits;
  readonly subprotocols?: readonly string[];
  readonly #driver: Driver;
  readonly #file: string;

  constructor(driver: Driver, file: string) {
    this.name = driver.name;
    this.traits = driver.traits;
    if (driver.subprotocols !== undefined) this.subprotocols = driver.subprotocols;
    this.#driver = driver;
    this.#file = file;
  }

  addressOf(url: string): string {
    return this.#driver.addressOf?.(url) ?? url;
  }

  newClients(): NewClient {
    const newClient = made(() => this.#driver.newClients(), this.#file);
    return (options) => guarded(newClient, options, this.#file);
  }
}

function guarded<D extends object>(
  newClient: NewClient,
  options: ClientOptions<D>,
  file: string,
): DriverClient<D> {
  const guard = new Guard((error) => options.observer.broken?.(error));
  const client = made(() => newClient<D>({ ...options, ports: guard.ports(options.ports) }), file);
  const missing = ['connector', 'inbox', 'publish', 'close', 'stop'].find((key) => !(key in client));
  if (missing !== undefined)
    throw new DriverFileError(`Cannot use "${file}" as a driver: its clients have no "${missing}"`);
  guard.hold(client);
  return client;
}

function made<T>(make: () => T, file: string): T {
  try {
    return make();
  } catch (error) {
    throw new DriverFileError(`Cannot use "${file}" as a driver: ${failureIn(file, error)}`);
  }
}

type Act = (...args: never[]) => unknown;

/** Stands between one client and whatever calls it. */
class Guard {
  failed = false;
  readonly #onFailure: (error: unknown) => void;
  readonly #timers = new WeakSet<Timer>();
  readonly #unsettled = new Set<(outcome: PublishOutcome) => void>();
  #client: DriverClient<never> | undefined;

  constructor(onFailure: (error: unknown) => void) {
    this.#onFailure = onFailure;
  }

  /** The same function, which does nothing once the client has failed. */
  around<A extends Act>(act: A): A {
    return ((...args: never[]) => {
      if (this.failed) return undefined;
      try {
        return act(...args);
      } catch (error) {
        this.fail(error);
        return undefined;
      }
    }) as A;
  }

  fail(error: unknown): void {
    if (this.failed) return;
    this.failed = true;
    this.#onFailure(error);
    for (const settle of this.#unsettled) settle({ kind: 'unknown' });
    this.#unsettled.clear();
    this.#client?.connector.stop(1000, '');
    this.#client?.inbox.stop();
  }

  ports(ports: DriverPorts): DriverPorts {
    const { timers, dial, http } = ports;
    return {
      ...ports,
      dial: (events, request) => dial(new GuardedEvents(this, events), request),
      http: (request, done) => http(request, this.around(done)),
      timers: {
        arm: (timer, delayMs) => {
          if (this.failed) return;
          this.#guardTimer(timer);
          timers.arm(timer, delayMs);
        },
        disarm: (timer) => timers.disarm(timer),
      },
    };
  }

  /** Guards what the run and its faults call. */
  hold<D extends object>(client: DriverClient<D>): void {
    this.#client = client as unknown as DriverClient<never>;
    const publish = this.around(client.publish.bind(client));
    client.publish = (request) => this.#publish(request, publish);
    client.close = this.around(client.close.bind(client));
    client.stop = this.around(client.stop.bind(client));
    client.connector.connect = this.around(client.connector.connect.bind(client.connector));
    for (const name of ['crashBeforeNextAck', 'forgetSession', 'openSecondSocket'] as const) {
      const act: Act | undefined = client[name]?.bind(client);
      if (act !== undefined) Object.assign(client, { [name]: this.around(act) });
    }
  }

  #publish(request: ClientPublish, publish: (request: ClientPublish) => void): void {
    if (this.failed) {
      request.settle({ kind: 'rejected', reason: 'its driver failed' });
      return;
    }
    const settle = (outcome: PublishOutcome): void => {
      if (this.#unsettled.delete(settle)) request.settle(outcome);
    };
    this.#unsettled.add(settle);
    publish({ ...request, settle });
  }

  #guardTimer(timer: Timer): void {
    if (this.#timers.has(timer)) return;
    this.#timers.add(timer);
    (timer as { fire: () => void }).fire = this.around(timer.fire);
  }
}

/** What a link tells, without an allocation for each message. */
class GuardedEvents implements LinkEvents {
  readonly #guard: Guard;
  readonly #events: LinkEvents;
  readonly onOpen: () => void;
  readonly onPong: () => void;
  readonly onWritable: () => void;
  readonly onClose: (code: number, reason: string) => void;

  constructor(guard: Guard, events: LinkEvents) {
    this.#guard = guard;
    this.#events = events;
    this.onOpen = guard.around(() => events.onOpen());
    this.onPong = guard.around(() => events.onPong());
    this.onWritable = guard.around(() => events.onWritable());
    this.onClose = guard.around((code: number, reason: string) => events.onClose(code, reason));
  }

  onText(text: string): void {
    if (this.#guard.failed) return;
    try {
      this.#events.onText(text);
    } catch (error) {
      this.#guard.fail(error);
    }
  }

  onBytes(bytes: Uint8Array): void {
    if (this.#guard.failed) return;
    try {
      tellBytes(this.#events, bytes);
    } catch (error) {
      this.#guard.fail(error);
    }
  }
}
