import { Descriptor } from 'pip-services4-components-node';
import { ConnectionParams } from 'pip-services4-config-node';
import type { RecordingLogger } from '../support/RecordingLogger';

export interface Place {
    readonly host: string;
    readonly port: number;
    readonly weight?: number;
}

/** A discovery whose answer changes. The discovery may also fail or be slow. */
export class ChangingDiscovery {
    places: readonly Place[] = [];
    answer: () => Promise<unknown> = () => Promise.resolve();
    asked = 0;
    private readonly waiters: (() => void)[] = [];

    async resolveAll(): Promise<ConnectionParams[]> {
        this.asked++;
        for (const wake of this.waiters.splice(0)) wake();
        await this.answer();
        return this.places.map(place => ConnectionParams.fromTuples(...Object.entries(place).flat()));
    }

    async askedAgain(times = 1): Promise<void> {
        const until = this.asked + times;
        while (this.asked < until) await new Promise<void>(resolve => this.waiters.push(resolve));
    }

    /** Returns references to this discovery and to a logger. */
    references(logger: RecordingLogger) {
        return logger.references(new Descriptor('test', 'discovery', 'changing', 'default', '1.0'), this);
    }
}

/** The settings of a connection that polls discovery. */
export const followed = { 'connection.discovery_key': 'memcached', discovery_interval: 20 };

export const placeOf = ({ host, port }: Place): Place => ({ host, port });
