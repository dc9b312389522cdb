import { startAedes } from './brokers.ts';
import { describeMqttContract } from './contract.ts';

describeMqttContract({ version: '3.1.1', qos: 2 }, startAedes);
describeMqttContract({ version: 4, qos: 0, cleanStart: true }, startAedes);
