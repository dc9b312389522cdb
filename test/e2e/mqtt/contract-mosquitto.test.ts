import { startMosquitto } from './brokers.ts';
import { describeMqttContract } from './contract.ts';

/** It looks at its WebSockets ten times a second. */
const SLOWNESS = 5;

describeMqttContract({ version: 5, qos: 1 }, startMosquitto, SLOWNESS);
