import { Broadcaster, type BroadcasterOptions } from './broadcaster.ts';
import { NaiveBroadcaster } from './naive-broadcaster.ts';

/** The broadcaster that the settings ask for. */
export function createBroadcaster(options: BroadcasterOptions): Broadcaster {
  switch (options.settings.broadcaster) {
    case 'robust':
      return new Broadcaster(options);
    case 'naive':
      return new NaiveBroadcaster(options);
  }
}
