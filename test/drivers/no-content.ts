import type { DriverPorts } from '../../src/drivers/driver.ts';
import { virtualHttp } from '../../src/world/virtual/http.ts';
import type { VirtualTime } from '../../src/world/virtual/scheduler.ts';

/** Ports that wsdeliver.v1 has no use for. */
export function noContent(time: VirtualTime): Pick<DriverPorts, 'contentRandom' | 'http' | 'epochMs'> {
  return { contentRandom: { next: () => 0 }, http: virtualHttp(time), epochMs: () => 0 };
}
