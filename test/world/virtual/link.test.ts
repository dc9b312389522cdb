import type { Link } from '../../../src/protocol/ports.ts';
import { randomStreams } from '../../../src/world/random.ts';
import { VirtualNetwork } from '../../../src/world/virtual/network.ts';
import { VirtualTime } from '../../../src/world/virtual/scheduler.ts';
import { describeLinkContract, type LinkWorld } from '../link-contract.ts';
import { LinkRecorder } from '../link-recorder.ts';

describeLinkContract('virtual', async () => createVirtualWorld(0));
describeLinkContract('virtual, delayed and jittery', async () => createVirtualWorld(3));

function createVirtualWorld(jitterMs: number): LinkWorld {
  const time = new VirtualTime();
  const network = new VirtualNetwork({ time, randomFor: randomStreams(1) });
  const accepted: { link: Link; saw: LinkRecorder }[] = [];
  const listener = network.listen('server', (link) => {
    const saw = new LinkRecorder();
    accepted.push({ link, saw });
    return saw;
  });
  const path = network.path({ name: 'client', up: { delayMs: 1, jitterMs }, down: { delayMs: 2, jitterMs } });
  return {
    accepted,
    dial: network.dialer({ address: 'server', path }),
    dialNobody: network.dialer({ address: 'nobody', path }),
    destroyAll: () => listener.destroyAll(),
    until: async (condition, withinMs = 5000) => {
      const deadline = time.nowUs() + withinMs * 1000;
      while (!condition() && time.nowUs() < deadline) if (!time.step()) break;
      return condition();
    },
    pass: async (ms) => {
      time.runFor(ms);
      return ms;
    },
    close: async () => {
      listener.close();
      time.run();
    },
  };
}
