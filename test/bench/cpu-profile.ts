/** The parts of a `.cpuprofile` that are read here; see the `Profiler` domain of the DevTools protocol. */
interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string };
    readonly children?: readonly number[];
  }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

export interface RoomShare {
  /** In the given folders of `src`, and in what Node did for them, µs. */
  readonly roomUs: number;
  /** All but idle, µs. */
  readonly busyUs: number;
}

/**
 * How much of a CPU profile was spent in some folders of `src`. Code of Node itself counts for whoever called it;
 * garbage collection, which has no caller, only as busy.
 */
export function roomShare(profileText: string, rooms: readonly string[]): RoomShare {
  const profile = JSON.parse(profileText) as CpuProfile;
  const belongs = new Map<number, boolean>();
  const idle = new Set<number>();
  const parents = new Map<number, number>();
  for (const { id, children } of profile.nodes) for (const child of children ?? []) parents.set(child, id);
  for (const { id, callFrame } of profile.nodes) {
    if (callFrame.functionName === '(idle)') idle.add(id);
    const room = /\/src\/([a-z]+)\//.exec(callFrame.url)?.[1];
    const caller = parents.get(id);
    const inherited = caller !== undefined && belongs.get(caller) === true;
    belongs.set(id, room === undefined ? isOfNode(callFrame.url) && inherited : rooms.includes(room));
  }
  let [roomUs, busyUs] = [0, 0];
  profile.samples.forEach((id, index) => {
    const us = profile.timeDeltas[index] ?? 0;
    if (!idle.has(id)) busyUs += us;
    if (belongs.get(id)) roomUs += us;
  });
  return { roomUs, busyUs };
}

function isOfNode(url: string): boolean {
  return url === '' || url.startsWith('node:') || url.includes('/node_modules/');
}
