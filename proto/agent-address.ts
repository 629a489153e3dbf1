/** The address of an agent's management plane, and the token that it requires; null = none. */
export interface AgentAddress {
  /** gRPC target, `unix:/path` or `host:port`. */
  target: string;
  token: string | null;
}

/** Environment variable with an agent's token; driver attach reads that of its agents from it. */
export const controlTokenVariable = 'LIVEMIG_CONTROL_TOKEN';

/** The metadata that carries it, like HTTP's bearer tokens (RFC 6750). */
export const authorizationKey = 'authorization';
export const authorizationOf = (token: string): string => `Bearer ${token}`;

/** As one string: `host:port`, or `TOKEN@host:port`. */
export const formatAgentAddress = ({ target, token }: AgentAddress): string =>
  token === null ? target : `${token}@${target}`;

export const parseAgentAddress = (text: string): AgentAddress => {
  const parts = /^([^@:/]+)@(.+)$/.exec(text);
  return parts === null ? { target: text, token: null } : { target: parts[2]!, token: parts[1]! };
};
