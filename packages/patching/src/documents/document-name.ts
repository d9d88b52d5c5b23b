/** A document as steps, hooks and SendCommand name it: by name, by ARN, either with `:VERSION` behind it. */
export interface DocumentReference {
  /** Of an ARN: its region and account, which is empty for documents that belong to AWS. */
  readonly owner: { readonly region: string; readonly accountId: string } | null;
  readonly name: string;
  readonly version: string | undefined;
}

/** Takes a reference apart; null where it is none. */
export function readDocumentReference(text: string): DocumentReference | null {
  const match =
    /^(?:arn:aws[a-z-]*:ssm:(?<region>[a-z0-9-]*):(?<accountId>\d*):document\/)?(?<name>[a-zA-Z0-9_.-]{3,128})(?::(?<version>\$LATEST|\$DEFAULT|[1-9]\d{0,8}))?$/.exec(
      text,
    );
  const { region, accountId, name, version } = match?.groups ?? {};
  if (name === undefined) return null;
  return { owner: region === undefined ? null : { region, accountId: accountId ?? '' }, name, version };
}

/** The bare name in a reference; the text itself where it is none. */
export function documentNameIn(text: string): string {
  return readDocumentReference(text)?.name ?? text;
}
