import { parameterValue, type ServiceFault } from './fault.ts';

export const serviceKill: ServiceFault = {
  kind: 'service',
  name: 'service-kill',
  summary: 'Processes of a service and their children get SIGKILL, and are started again later.',
  fidelity: 'kernel',
  parameters: {
    down: {
      kind: 'duration',
      default: '1s',
      min: '0ms',
      max: '10m',
      description: 'Time until it is started again.',
    },
  },
  inject: (service, values) => {
    service.kill(parameterValue(values, 'down'));
  },
};
