import { compileTemplate } from '../../templates/template.ts';
import type { Driver, DriverTraits } from '../driver.ts';
import { MqttClient, type MqttTemplates, SessionClient } from './client.ts';
import { MQTT_DEFAULTS, type MqttOptions } from './options.ts';
import { PacketParser } from './packet-stream.ts';

/** The driver of MQTT over WebSocket. */
export function mqtt(given: Partial<MqttOptions> = {}): Driver {
  const options = { ...MQTT_DEFAULTS, ...given };
  const templates = compiled(options);
  return {
    name: 'mqtt',
    traits: traitsOf(options),
    subprotocols: ['mqtt'],
    newClients: () => {
      const parser = new PacketParser(templates.version);
      const Client = options.cleanStart ? MqttClient : SessionClient;
      return (clientOptions) => new Client(clientOptions, templates, parser);
    },
  };
}

function traitsOf({ qos, cleanStart }: MqttOptions): DriverTraits {
  return {
    resume: cleanStart ? 'none' : 'session',
    acks: qos === 0 ? [] : ['each'],
    positions: 'none',
    gaps: false,
    confirmsPublishes: qos > 0,
    level: levelOf(qos, cleanStart),
    binary: true,
    verbatim: false,
    handles: [
      ...(qos > 0 ? (['acks'] as const) : []),
      ...(cleanStart ? [] : (['second-socket', 'forget-session'] as const)),
    ],
  };
}

/** A client without a session is promised nothing of the time in which it is away. */
function levelOf(qos: MqttOptions['qos'], cleanStart: boolean): DriverTraits['level'] {
  if (qos === 0 || cleanStart) return 'at-most-once';
  return qos === 1 ? 'at-least-once' : 'effectively-once';
}

function compiled(options: MqttOptions): MqttTemplates {
  const { topic, clientId, username, password } = options;
  return {
    options,
    version: options.version === 5 ? 5 : 4,
    topic: compileTemplate(topic),
    clientId: compileTemplate(clientId),
    username: username === undefined ? undefined : compileTemplate(username),
    password: password === undefined ? undefined : compileTemplate(password),
  };
}
