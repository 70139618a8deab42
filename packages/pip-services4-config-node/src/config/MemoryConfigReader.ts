import { ConfigParams, type IContext, type IReconfigurable } from 'pip-services4-components-node';
import { ConfigReader } from './ConfigReader';

/** A configuration in memory, with mustache variables in its values. */
export class MemoryConfigReader extends ConfigReader implements IReconfigurable {
    protected _config: ConfigParams;

    public constructor(config?: ConfigParams | null) {
        super();
        this._config = config ?? new ConfigParams();
    }

    public override configure(config: ConfigParams): void {
        this._config = config;
    }

    /**
     * Returns the configuration, with its variables if there are no `parameters`.
     * @throws ConfigException BAD_TEMPLATE
     */
    // eslint-disable-next-line @typescript-eslint/require-await -- a failure is a rejection
    public async readConfig(_context: IContext | null, parameters: ConfigParams | null): Promise<ConfigParams> {
        const result = new ConfigParams(this._config);
        if (parameters == null) return result;
        for (const key of result.getKeys()) result.put(key, this.parameterize(result.get(key) ?? '', parameters));
        return result;
    }
}
