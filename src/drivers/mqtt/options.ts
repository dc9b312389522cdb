/** What a scenario says of its MQTT clients; texts are templates. */
export interface MqttOptions {
  /** Of the protocol; 4 is MQTT 3.1.1. */
  readonly version: 4 | 5 | '3.1.1';
  /** Of subscriptions and of what clients publish. */
  readonly qos: 0 | 1 | 2;
  /** Each connection begins without a session; else the broker keeps one for a client that is away. */
  readonly cleanStart: boolean;
  /** MQTT 5: how long the broker keeps the session of a client that is away, ms. */
  readonly sessionExpiry: number;
  /** MQTT 5: deliveries that may wait for their ack; absent: 65 535. */
  readonly receiveMaximum?: number;
  /** Between the packets of a client, at most, ms; 0: it says nothing of its own. */
  readonly keepAlive: number;
  /** Of a room, to subscribe and to publish to. */
  readonly topic: string;
  /** The broker keeps the last message of each topic for whoever subscribes later. */
  readonly retain: boolean;
  readonly clientId: string;
  readonly username?: string;
  readonly password?: string;
}

export const MQTT_DEFAULTS: MqttOptions = {
  version: 5,
  qos: 1,
  cleanStart: false,
  sessionExpiry: 60_000,
  keepAlive: 30_000,
  topic: '{{ room }}',
  retain: false,
  clientId: '{{ client.id }}',
};
