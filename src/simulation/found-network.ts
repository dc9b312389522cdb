import type { SimulatedNetwork } from '../run/simulated-run.ts';
import type { FoundFailure } from '../scenario/schema.ts';
import type { LaneOptions } from '../world/virtual/lane.ts';

/** A simulated network as the file of a failure says it, and back. */

type NetworkSettings = NonNullable<FoundFailure['network']>;
type LaneSettings = NonNullable<NetworkSettings['up']>;

export function networkSettings({ up, down, kernelBytes }: SimulatedNetwork): NetworkSettings {
  return {
    ...(up === undefined ? {} : { up: laneSettings(up) }),
    ...(down === undefined ? {} : { down: laneSettings(down) }),
    ...(kernelBytes === undefined ? {} : { kernel: kernelBytes }),
  };
}

export function simulatedNetwork({ up, down, kernel }: NetworkSettings): SimulatedNetwork {
  return {
    ...(up === undefined ? {} : { up: laneOptions(up) }),
    ...(down === undefined ? {} : { down: laneOptions(down) }),
    ...(kernel === undefined ? {} : { kernelBytes: kernel }),
  };
}

function laneSettings({ delayMs = 0.05, jitterMs = 0, bytesPerSec }: LaneOptions): LaneSettings {
  const bandwidth = bytesPerSec === undefined ? {} : { bandwidth: bytesPerSec };
  return { delay: delayMs, jitter: jitterMs, ...bandwidth };
}

function laneOptions({ delay, jitter, bandwidth }: LaneSettings): LaneOptions {
  return { delayMs: delay, jitterMs: jitter, ...(bandwidth === undefined ? {} : { bytesPerSec: bandwidth }) };
}
