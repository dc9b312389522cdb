import type { ServiceFault } from './fault.ts';

export const serviceRestart: ServiceFault = {
  kind: 'service',
  name: 'service-restart',
  summary:
    'Processes of a service get their stop signal, end and are started again, one after the other as in a rolling deploy.',
  fidelity: 'kernel',
  parameters: {},
  inject: (service) => {
    service.restart();
  },
};
