import type { Scenario } from './schema.ts';
import { clientsOf } from './timeline.ts';

/** Upstream messages: one stream for each client whose profile has `upstream`, numbered from 0. */
export interface UpstreamStreams {
  readonly count: number;
  /** @returns -1 for a client without an upstream stream */
  streamOf(client: number): number;
  clientOf(stream: number): number;
}

export function upstreamStreams(scenario: Scenario): UpstreamStreams {
  const roster = clientsOf(scenario);
  const ranges: { readonly first: number; readonly end: number; readonly stream: number }[] = [];
  let count = 0;
  for (const [index, { upstream }] of scenario.clients.entries()) {
    if (upstream === undefined) continue;
    const { first, end } = roster.rangeOf(index);
    ranges.push({ first, end, stream: count });
    count += end - first;
  }
  return {
    count,
    streamOf(client) {
      const range = ranges.find(({ first, end }) => client >= first && client < end);
      return range === undefined ? -1 : range.stream + client - range.first;
    },
    clientOf(stream) {
      const range = ranges.findLast((one) => one.stream <= stream);
      if (range === undefined || stream >= count)
        throw new Error(`Cannot find upstream stream "${stream}": there are ${count}, from 0 on`);
      return range.first + stream - range.stream;
    },
  };
}

/** The run id in stamps of upstream messages, which differs from that of downstream messages. */
export function upstreamRun(run: string): string {
  return `${run}u`;
}
