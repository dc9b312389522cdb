import type { Driver, DriverPorts } from '../drivers/driver.ts';
import { DEFAULT_DRIVER } from '../drivers/registry.ts';
import { type ClientLink, type Dial, type LinkEvents, LinkState, Timer } from '../protocol/ports.ts';

const DELAY_MS = 400;

/**
 * An ordinary client with an eavesdropper: every hello that asks to resume is replayed later on another socket, which
 * closes at the first answer.
 */
export const overheardDriver: Driver = {
  ...DEFAULT_DRIVER,
  newClients: () => {
    const newClient = DEFAULT_DRIVER.newClients();
    return (options) =>
      newClient({ ...options, ports: { ...options.ports, dial: overheard(options.ports) } });
  },
};

function overheard(ports: DriverPorts): Dial {
  const { dial, timers } = ports;
  return (events) => {
    const link = dial(events);
    const send = link.send.bind(link);
    link.send = (text) => {
      send(text);
      if (text.startsWith('{"kind":"hello"') && text.includes('"token"'))
        timers.arm(new Timer(() => sayAgain(dial, text)), DELAY_MS);
    };
    return link;
  };
}

function sayAgain(dial: Dial, hello: string): void {
  let link: ClientLink | undefined;
  const events: LinkEvents = {
    onOpen: () => link?.send(hello),
    onText: () => {
      if (link?.state === LinkState.open) link.drop();
    },
    onPong() {},
    onWritable() {},
    onClose() {},
  };
  link = dial(events);
}
