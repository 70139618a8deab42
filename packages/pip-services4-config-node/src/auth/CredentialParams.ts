import { StringValueMap } from 'pip-services4-commons-node';
import { ConfigParams } from 'pip-services4-components-node';
import { paramSections } from '../config/paramSections';

/**
 * The identity of a client. Getters return null for absent keys. It declares no fields, because its
 * keys are the configuration.
 */
export class CredentialParams extends ConfigParams {
    /** Returns whether a credential store holds the rest. */
    public useCredentialStore(): boolean {
        return this.getStoreKey() != null;
    }

    public getStoreKey(): string | null {
        return this.getAsNullableString('store_key');
    }
    public setStoreKey(value: string | null): void {
        this.put('store_key', value);
    }

    /** Returns `username`, or else `user`. */
    public getUsername(): string | null {
        return this.getAsNullableString('username') ?? this.getAsNullableString('user');
    }
    public setUsername(value: string | null): void {
        this.put('username', value);
    }

    /** Returns `password`, or else `pass`. */
    public getPassword(): string | null {
        return this.getAsNullableString('password') ?? this.getAsNullableString('pass');
    }
    public setPassword(value: string | null): void {
        this.put('password', value);
    }

    /** Returns `access_id`, or else `client_id`. */
    public getAccessId(): string | null {
        return this.getAsNullableString('access_id') ?? this.getAsNullableString('client_id');
    }
    public setAccessId(value: string | null): void {
        this.put('access_id', value);
    }

    /** Returns `access_key`, or else `client_key`, or else `secret_key`. */
    public getAccessKey(): string | null {
        return (
            this.getAsNullableString('access_key') ??
            this.getAsNullableString('client_key') ??
            this.getAsNullableString('secret_key')
        );
    }
    public setAccessKey(value: string | null): void {
        this.put('access_key', value);
    }

    /** Parses `username=me;password=secret`. */
    public static override fromString(line: string): CredentialParams {
        return new CredentialParams(StringValueMap.fromString(line));
    }

    public static override fromTuples(...tuples: unknown[]): CredentialParams {
        return new CredentialParams(StringValueMap.fromTuplesArray(tuples));
    }

    /** Returns every section of `credentials`, or else `credential`. */
    public static manyFromConfig(config: ConfigParams): CredentialParams[] {
        return paramSections(config, 'credentials', 'credential').map(section => new CredentialParams(section));
    }

    /** Returns the first of `manyFromConfig`, or null. */
    public static fromConfig(config: ConfigParams): CredentialParams | null {
        return CredentialParams.manyFromConfig(config)[0] ?? null;
    }
}
