import type { Scenario } from './schema.ts';

export interface NamedTimeout {
  /** The key of the scenario. */
  readonly name: string;
  readonly ms: number;
}

/** The shortest of the server's timeouts: lateness of this size changes its behaviour. */
export function shortestTimeout({ server }: Pick<Scenario, 'server'>): NamedTimeout {
  const { delivery, outbox, heartbeat, broadcast, helloTimeout, resumeTtl } = server;
  const acked: readonly NamedTimeout[] = [
    { name: 'outbox.ackTimeout', ms: outbox.ackTimeout },
    { name: 'resumeTtl', ms: resumeTtl },
  ];
  const always: readonly NamedTimeout[] = [
    { name: 'heartbeat.timeout', ms: heartbeat.timeout },
    { name: 'broadcast.messageTimeout', ms: broadcast.messageTimeout },
    { name: 'helloTimeout', ms: helloTimeout },
  ];
  const timeouts = delivery === 'at-most-once' ? always : [...acked, ...always];
  return timeouts.reduce((shortest, next) => (next.ms < shortest.ms ? next : shortest));
}
