import { RecursiveObjectReader, StringValueMap } from 'pip-services4-commons-node';

/**
 * A configuration as a flat map of strings: `connection.host` is the key `host` in the section
 * `connection`. Keys are case-sensitive.
 *
 * The own enumerable keys of an instance *are* the configuration. So neither this class nor its
 * subclasses may declare fields.
 */
export class ConfigParams extends StringValueMap {
    public constructor(values?: unknown) {
        super(values);
    }

    /**
     * Returns the first part of every key, in order of insertion. A key without a dot is a section
     * name too.
     */
    public getSectionNames(): string[] {
        const names = this.getKeys().map(key => {
            const dot = key.indexOf('.');
            return dot > 0 ? key.substring(0, dot) : key;
        });
        return [...new Set(names)];
    }

    /** Returns the keys below `section`, without its name. Empty if there are none. */
    public getSection(section: string): ConfigParams {
        const prefix = section + '.';
        const result = new ConfigParams();
        for (const key of this.getKeys()) {
            if (key.startsWith(prefix) && key.length > prefix.length)
                result.put(key.substring(prefix.length), this.get(key));
        }
        return result;
    }

    /** Adds every key of `params` below `section`. The key '' becomes the section's own value. */
    public addSection(section: string, params: ConfigParams): void {
        if (section == null) throw new Error('Section name cannot be null');
        for (const key of params.getKeys()) {
            this.put([section, key].filter(part => part !== '').join('.'), params.get(key));
        }
    }

    /** Returns a copy in which the values of `params` win. */
    public override(params: ConfigParams): ConfigParams {
        return ConfigParams.mergeConfigs(this, params);
    }

    /** Returns a copy in which `params` fill the missing keys. */
    public setDefaults(params: ConfigParams): ConfigParams {
        return ConfigParams.mergeConfigs(params, this);
    }

    /** Flattens an object, for example `{a: {b: [5]}}` to `a.b.0=5`. */
    public static override fromValue(value: unknown): ConfigParams {
        return new ConfigParams(RecursiveObjectReader.getProperties(value));
    }

    /** Returns a configuration of alternating keys and values. */
    public static override fromTuples(...tuples: unknown[]): ConfigParams {
        return new ConfigParams(StringValueMap.fromTuplesArray(tuples));
    }

    /** Parses `key=value;key=value`. */
    public static override fromString(line: string): ConfigParams {
        return new ConfigParams(StringValueMap.fromString(line));
    }

    /** Merges configurations. Later values override earlier ones. */
    public static mergeConfigs(...configs: (ConfigParams | null)[]): ConfigParams {
        return new ConfigParams(StringValueMap.fromMaps(...configs));
    }
}
