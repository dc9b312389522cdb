import { Subscriber } from '../drivers/wsdeliver/subscriber.ts';
import type { NewSubscriber } from '../load/fleet.ts';
import { type ClientLink, type Dial, type LinkEvents, LinkState, Timer } from '../protocol/ports.ts';

const DELAY_MS = 400;

/**
 * An ordinary client that somebody listens to: a hello that asks to resume is said again later, word for word, on a
 * socket of the stranger's own, who leaves as soon as an answer has come.
 */
export const overheardSubscriber: NewSubscriber = (parts) =>
  new Subscriber({ ...parts, ports: { ...parts.ports, dial: overheard(parts.ports) } });

function overheard(ports: Parameters<NewSubscriber>[0]['ports']): Dial {
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
