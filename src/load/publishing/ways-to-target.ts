import type { Driver, DriverPorts } from '../../drivers/driver.ts';
import type { PublishStream, Scenario } from '../../scenario/schema.ts';
import { clientsOf, isThroughout, subscribedStreams } from '../../scenario/timeline.ts';
import { PlainFunctions } from '../../templates/plain-functions.ts';
import { ClientWay, type PublishersTowards } from './client-way.ts';
import { HttpWay } from './http-way.ts';
import { MembersWay, type PublishingClients } from './members-way.ts';
import { MessageScope } from './message-scope.ts';
import { type NewRedisPublisher, RedisWay } from './redis-way.ts';
import { TargetWays } from './target-ways.ts';
import type { TargetWay } from './way.ts';

export interface TargetWaysOptions {
  readonly scenario: Scenario;
  readonly run: string;
  readonly driver: Driver;
  readonly ports: Omit<DriverPorts, 'dial'>;
  readonly towards: PublishersTowards;
  readonly clients: PublishingClients;
  readonly newRedisPublisher: NewRedisPublisher;
}

/** The way of each stream of a scenario to its target. */
export function waysToTarget(options: TargetWaysOptions): TargetWays {
  const { scenario, run, driver, ports, towards } = options;
  const numbered = scenario.publish.map((stream, index): [number, PublishStream] => [index + 1, stream]);
  const throughClients = numbered.filter(([, { through }]) => through === 'client').map(([number]) => number);
  const clientWay = new ClientWay({ run, streams: throughClients, driver, ports, towards });
  const membersWay = new MembersWay(options.clients, membersOf(scenario));
  const scope = new MessageScope(
    run,
    towards.valuesFor(0, run),
    new PlainFunctions({ epochMs: ports.epochMs, random: ports.contentRandom }),
  );
  const wayOf = ({ through, http, redis }: PublishStream): TargetWay => {
    if (through === 'members') return membersWay;
    if (through === 'http' && http !== undefined) return new HttpWay(http, ports.http, scope);
    if (through === 'redis' && redis !== undefined)
      return new RedisWay(redis, scope, options.newRedisPublisher);
    return clientWay;
  };
  return new TargetWays(new Map(numbered.map(([number, stream]) => [number, wayOf(stream)])));
}

/** The clients that are owed a stream. */
function membersOf(scenario: Scenario): (stream: number) => readonly number[] {
  const roster = clientsOf(scenario);
  const known = new Map<number, readonly number[]>();
  return (stream) => {
    const members =
      known.get(stream) ??
      scenario.clients.flatMap((entry, profile) => {
        // Who is not there throughout would have publishes rejected that nobody could have taken.
        if (!isThroughout(entry)) return [];
        if (subscribedStreams(scenario, profile)[stream] !== true) return [];
        const { first, end } = roster.rangeOf(profile);
        return Array.from({ length: end - first }, (__, index) => first + index);
      });
    known.set(stream, members);
    return members;
  };
}
