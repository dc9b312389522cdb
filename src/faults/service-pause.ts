import type { ServiceFault } from './fault.ts';

export const servicePause: ServiceFault = {
  kind: 'service',
  name: 'service-pause',
  summary: 'Processes of a service and their children stand still: SIGSTOP, and SIGCONT at the end.',
  fidelity: 'kernel',
  parameters: {},
  inject: (service) => {
    service.pause();
  },
  end: (service) => {
    service.resume();
  },
};
