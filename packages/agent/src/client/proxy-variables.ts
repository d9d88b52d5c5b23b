const names = ['http_proxy', 'https_proxy', 'no_proxy'] as const;

export type ProxyVariables = Readonly<Partial<Record<(typeof names)[number], string>>>;

/** The proxies that the environment names, in small letters, which apt knows and Node too; small ones count first. */
export function readProxyVariables(environment: Readonly<Record<string, string | undefined>>): ProxyVariables {
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = environment[name] || environment[name.toUpperCase()];
      return value ? [[name, value]] : [];
    }),
  );
}
