import { ConfigParams } from 'pip-services4-components-node';

export interface Server {
    readonly host?: string;
    readonly port: number;
}

export type Servers = Server | readonly Server[];

/** Configuration by key. A key without a dot names an option, as in `{ prefix: 'p:' }`. */
export type Settings = Record<string, unknown>;

/** Returns the configuration of a component: connections to the servers, and the settings. */
export function configOf(servers: Servers, settings: Settings = {}): ConfigParams {
    const connections = [servers].flat().flatMap(({ host, port }: Server, i) => [
        [`connections.${i}.host`, host ?? '127.0.0.1'],
        [`connections.${i}.port`, port],
    ]);
    const entries = Object.entries(settings).map(([key, value]) => [key.includes('.') ? key : `options.${key}`, value]);
    return ConfigParams.fromTuples(...connections.flat(), ...entries.flat());
}
