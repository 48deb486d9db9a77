//! The acceptance list of the authorization server: a file per section, the item's number in each test's name.

mod a_discovery;
mod b_registration;
mod c_documents;
mod c_fetching;
mod d_authorize;
mod d_frozen;
mod e_login;
mod e_own_page;
mod e_throttle;
mod f_account;
mod f_consent;
mod f_own_users;
mod f_upstream;
mod g_code;
mod h_pkce;
mod i_assertion;
mod i_client;
mod i_token;
mod j_refresh;
mod k_access_token;
mod k_forged_token;
mod l_revoke;
mod m_every_method;
mod m_outside;
mod m_resource;
mod m_streams;
mod n_slow;
mod n_transport;
mod o_processes;
mod o_storage;
#[cfg(feature = "on-postgres")]
mod on_postgres;
mod p_logging;
mod q_load;
mod r_replicas;
mod s_dpop;
