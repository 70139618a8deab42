import { StringValueMap } from 'pip-services4-commons-node';
import { ConfigParams } from 'pip-services4-components-node';
import { paramSections } from '../config/paramSections';

/** Who asks. Getters give null for what is absent. Declares no fields: its keys are the configuration. */
export class CredentialParams extends ConfigParams {
    /** Whether the rest is to be looked up under a key. */
    public useCredentialStore(): boolean {
        return this.getStoreKey() != null;
    }

    public getStoreKey(): string | null {
        return this.getAsNullableString('store_key');
    }
    public setStoreKey(value: string | null): void {
        this.put('store_key', value);
    }

    /** `username`, or else `user`. */
    public getUsername(): string | null {
        return this.getAsNullableString('username') ?? this.getAsNullableString('user');
    }
    public setUsername(value: string | null): void {
        this.put('username', value);
    }

    /** `password`, or else `pass`. */
    public getPassword(): string | null {
        return this.getAsNullableString('password') ?? this.getAsNullableString('pass');
    }
    public setPassword(value: string | null): void {
        this.put('password', value);
    }

    /** Parses `username=me;password=secret`. */
    public static override fromString(line: string): CredentialParams {
        return new CredentialParams(StringValueMap.fromString(line));
    }

    public static override fromTuples(...tuples: unknown[]): CredentialParams {
        return new CredentialParams(StringValueMap.fromTuplesArray(tuples));
    }

    /** Every section of `credentials`, or else `credential`. */
    public static manyFromConfig(config: ConfigParams): CredentialParams[] {
        return paramSections(config, 'credentials', 'credential').map(section => new CredentialParams(section));
    }

    /** The first of `manyFromConfig`, or null. */
    public static fromConfig(config: ConfigParams): CredentialParams | null {
        return CredentialParams.manyFromConfig(config)[0] ?? null;
    }
}
