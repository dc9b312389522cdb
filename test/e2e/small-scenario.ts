/** A scenario that is over in two seconds: thirty clients, ten messages a second to each. */
export interface SmallScenario {
  readonly name?: string;
  readonly server?: string;
  readonly profile?: string;
  readonly load?: string;
  readonly settle?: string;
  readonly faults?: readonly string[];
  readonly guarantee?: string;
  readonly allowReported?: string;
  readonly assert?: readonly string[];
}

export function smallScenario(options: SmallScenario = {}): string {
  const { faults = [], assert = ['delivery.lost.silent == 0'] } = options;
  return [
    `name: ${options.name ?? 'small'}`,
    'description: Thirty clients get everything.',
    `server: ${options.server ?? '{ outbox: { ackTimeout: 300ms } }'}`,
    `clients: [{ count: 30, rooms: [ticks]${options.profile === undefined ? '' : `, ${options.profile}`} }]`,
    'publish: [{ room: ticks, rate: 10/s, size: 64B }]',
    `duration: { rampUp: 100ms, warmUp: 100ms, load: ${options.load ?? '1s'}, settle: ${options.settle ?? '10s'} }`,
    ...(faults.length === 0 ? [] : ['faults:', ...faults.map((fault) => `  - ${fault}`)]),
    'expect:',
    ...(options.guarantee === undefined ? [] : [`  guarantee: ${options.guarantee}`]),
    ...(options.allowReported === undefined ? [] : [`  allowReported: ${options.allowReported}`]),
    '  assert:',
    ...assert.map((text) => `    - ${text}`),
    '',
  ].join('\n');
}
