import { ConfigParams, type IConfigurable, type IContext, type INotifiable } from 'pip-services4-components-node';
import type { IConfigReader } from './IConfigReader';
import { renderMustache } from './renderMustache';

/** A reader with defaults (`parameters.*`) for variables that `readConfig` does not get. */
export abstract class ConfigReader implements IConfigurable, IConfigReader {
    private _parameters = new ConfigParams();

    public configure(config: ConfigParams): void {
        const parameters = config.getSection('parameters');
        if (parameters.length() > 0) this._parameters = parameters;
    }

    public abstract readConfig(context: IContext | null, parameters: ConfigParams | null): Promise<ConfigParams>;

    /** @throws ConfigException BAD_TEMPLATE */
    protected parameterize(config: string, parameters: ConfigParams | null): string {
        return renderMustache(config, parameters == null ? this._parameters : this._parameters.override(parameters));
    }

    /** Does nothing, because the sources of these readers do not change by themselves. */
    public addChangeListener(_listener: INotifiable): void {}
    public removeChangeListener(_listener: INotifiable): void {}
}
