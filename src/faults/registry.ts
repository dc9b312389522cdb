import { blockEventLoop } from './block-event-loop.ts';
import { close } from './close.ts';
import { delayAcks } from './delay-acks.ts';
import { drop } from './drop.ts';
import { duplicateAcks } from './duplicate-acks.ts';
import type { Fault, FaultParameter } from './fault.ts';
import { freshSession } from './fresh-session.ts';
import { halfOpen } from './half-open.ts';
import { handlerCrash } from './handler-crash.ts';
import { loseAcks } from './lose-acks.ts';
import { malformedFrames } from './malformed-frames.ts';
import { nack } from './nack.ts';
import { neverReturn } from './never-return.ts';
import { noPong } from './no-pong.ts';
import { oversizedFrame } from './oversized-frame.ts';
import { pauseReader } from './pause-reader.ts';
import { reconnectStorm } from './reconnect-storm.ts';
import { reset } from './reset.ts';
import { returnLate } from './return-late.ts';
import { roomActions } from './room-actions.ts';
import { secondSocket } from './second-socket.ts';
import { sendErrors } from './send-errors.ts';
import { serverRestart } from './server-restart.ts';
import { serviceKill } from './service-kill.ts';
import { servicePause } from './service-pause.ts';
import { serviceRestart } from './service-restart.ts';
import { slowHandler } from './slow-handler.ts';
import { slowReader } from './slow-reader.ts';

/** Every fault that a scenario can name, in the order of the documentation. */
export const FAULTS: ReadonlyMap<string, Fault> = new Map(
  [
    slowReader,
    pauseReader,
    halfOpen,
    noPong,
    slowHandler,
    reset,
    drop,
    close,
    reconnectStorm,
    neverReturn,
    returnLate,
    secondSocket,
    freshSession,
    loseAcks,
    delayAcks,
    duplicateAcks,
    nack,
    handlerCrash,
    malformedFrames,
    oversizedFrame,
    roomActions,
    serverRestart,
    blockEventLoop,
    sendErrors,
    serviceKill,
    serviceRestart,
    servicePause,
  ].map((fault: Fault) => [fault.name, fault]),
);

export function findFault(name: string): Fault | undefined {
  return FAULTS.get(name);
}

/** One row of the generated table of faults. */
export interface FaultDescription {
  readonly name: string;
  /** Parameters with their defaults, such as `time: 50ms`; empty when the fault has none. */
  readonly parameters: readonly string[];
  readonly summary: string;
}

export function describeFaults(): readonly FaultDescription[] {
  return [...FAULTS.values()].map(({ name, parameters, summary }) => ({
    name,
    parameters: Object.entries(parameters).map(
      ([key, parameter]: [string, FaultParameter]) => `${key}: ${parameter.default}`,
    ),
    summary,
  }));
}
