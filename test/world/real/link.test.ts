import type { Link } from '../../../src/protocol/ports.ts';
import { createDialer } from '../../../src/world/real/dial.ts';
import { listen } from '../../../src/world/real/listener.ts';
import { describeLinkContract, type LinkWorld } from '../link-contract.ts';
import { LinkRecorder } from '../link-recorder.ts';

describeLinkContract('real', createRealWorld);

async function createRealWorld(): Promise<LinkWorld> {
  const accepted: { link: Link; saw: LinkRecorder }[] = [];
  const listener = await listen({
    port: 0,
    host: '127.0.0.1',
    accept: (link) => {
      const saw = new LinkRecorder();
      accepted.push({ link, saw });
      return saw;
    },
  });
  const gone = await listen({ port: 0, host: '127.0.0.1', accept: () => new LinkRecorder() });
  await gone.close();
  const pass = (ms: number): Promise<number> => {
    const fromMs = performance.now();
    return new Promise((resolve) => setTimeout(() => resolve(performance.now() - fromMs), ms));
  };
  return {
    accepted,
    pass,
    dial: createDialer({ url: listener.url }),
    dialNobody: createDialer({ url: gone.url }),
    destroyAll: () => listener.destroyAll(),
    until: async (condition, withinMs = 5000) => {
      const deadline = performance.now() + withinMs;
      while (!condition() && performance.now() < deadline) await pass(2);
      return condition();
    },
    close: () => listener.close(),
  };
}
