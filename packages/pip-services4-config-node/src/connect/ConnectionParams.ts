import { StringValueMap } from 'pip-services4-commons-node';
import { ConfigParams } from 'pip-services4-components-node';
import { paramSections } from '../config/paramSections';

/**
 * The address of a service. Getters return null for absent keys. It declares no fields, because its
 * keys are the configuration.
 */
export class ConnectionParams extends ConfigParams {
    /** Returns whether discovery provides the rest. */
    public useDiscovery(): boolean {
        return this.getDiscoveryKey() != null;
    }

    public getDiscoveryKey(): string | null {
        return this.getAsNullableString('discovery_key');
    }
    public setDiscoveryKey(value: string | null): void {
        this.put('discovery_key', value);
    }

    public getProtocol(): string | null {
        return this.getAsNullableString('protocol');
    }

    public getProtocolWithDefault(defaultValue: string): string {
        return this.getAsStringWithDefault('protocol', defaultValue);
    }
    public setProtocol(value: string | null): void {
        this.put('protocol', value);
    }

    /** Returns `host`, or else `ip`. */
    public getHost(): string | null {
        return this.getAsNullableString('host') ?? this.getAsNullableString('ip');
    }
    public setHost(value: string | null): void {
        this.put('host', value);
    }

    /** Returns the port, 0 if it is absent or not a number. */
    public getPort(): number {
        return this.getPortWithDefault(0);
    }

    public getPortWithDefault(defaultPort: number): number {
        return this.getAsIntegerWithDefault('port', defaultPort);
    }
    public setPort(value: number | null): void {
        this.put('port', value);
    }

    public getUri(): string | null {
        return this.getAsNullableString('uri');
    }
    public setUri(value: string | null): void {
        this.put('uri', value);
    }

    /** Parses `host=10.0.0.1;port=11211`. */
    public static override fromString(line: string): ConnectionParams {
        return new ConnectionParams(StringValueMap.fromString(line));
    }

    public static override fromTuples(...tuples: unknown[]): ConnectionParams {
        return new ConnectionParams(StringValueMap.fromTuplesArray(tuples));
    }

    /**
     * Returns every section of `connections`, or else `connection`. Ignores keys at the top level.
     */
    public static manyFromConfig(config: ConfigParams): ConnectionParams[] {
        return paramSections(config, 'connections', 'connection').map(section => new ConnectionParams(section));
    }

    /** Returns the first of `manyFromConfig`, or null. */
    public static fromConfig(config: ConfigParams): ConnectionParams | null {
        return ConnectionParams.manyFromConfig(config)[0] ?? null;
    }
}
