import type { Http } from '../../protocol/ports.ts';
import type { VirtualTime } from './scheduler.ts';

/** There are no HTTP servers in virtual time: every request is refused. */
export function virtualHttp(time: VirtualTime): Http {
  return (_request, done) => {
    let cancelled = false;
    time.after(0, () => {
      if (!cancelled) done({ failure: 'ECONNREFUSED', sent: false });
    });
    return () => {
      cancelled = true;
    };
  };
}
