import type { ClientValues } from '../../drivers/driver.ts';
import type { Scope, ScopeFunctions } from '../../templates/scope.ts';
import type { PublishRequest } from './way.ts';

/** What the templates of a publish may ask for: the message, the environment, the services of the run. */
export class MessageScope implements Scope {
  readonly functions: ScopeFunctions;
  readonly #run: string;
  readonly #values: Pick<ClientValues, 'env' | 'services'>;
  #request: PublishRequest | undefined = undefined;

  constructor(run: string, values: Pick<ClientValues, 'env' | 'services'>, functions: ScopeFunctions) {
    this.#run = run;
    this.#values = values;
    this.functions = functions;
  }

  /** The scope of one message, until the next one. */
  of(request: PublishRequest): this {
    this.#request = request;
    return this;
  }

  value([root = '', key = '', field]: readonly string[]): unknown {
    const request = this.#request;
    switch (root) {
      case 'room':
        return request?.room;
      case 'stamp':
        return request?.stamp;
      case 'body':
        return request?.body;
      case 'payload':
        return request === undefined ? undefined : { stamp: request.stamp, body: request.body };
      case 'message':
        return key === 'seq' ? request?.seq : messageId(this.#run, request);
      case 'env':
        return this.#values.env[key];
      case 'services':
        return field === 'port' ? this.#values.services[key]?.port : undefined;
      default:
        return undefined;
    }
  }
}

function messageId(run: string, request: PublishRequest | undefined): string | undefined {
  return request === undefined ? undefined : `${run}-${request.stream}-${request.seq}`;
}
