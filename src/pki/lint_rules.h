/*
 * pki/lint_rules.h - the table of lints: id, which certificates, how bad, and the function.
 *
 * A function answers NULL when the rule is kept or has no meaning here, else what is wrong. Rules of the
 * notes that need more than the bytes to be signed stand elsewhere: F05 (the store's unique serial),
 * F06, F08, F10, G01 and X28 (pki/authority.c, on the signed certificate), K07, K08 and N03 (whoever has
 * the store).
 */
#ifndef SALLYPORT_PKI_LINT_RULES_H
#define SALLYPORT_PKI_LINT_RULES_H

#include "pki/lint_view.h"

#define LINT_C (1u << ISSUE_ROOT_CA | 1u << ISSUE_SUB_CA)
#define LINT_S (1u << ISSUE_SERVER)
#define LINT_L (1u << ISSUE_SERVER | 1u << ISSUE_CLIENT)
#define LINT_O (1u << ISSUE_OCSP_SIGNER)
#define LINT_E (LINT_L | LINT_O) /* whatever is no CA */
#define LINT_A (LINT_C | LINT_E)

#define LINT_RULES(X) \
	X(F01, A, ERROR, "RFC 5280 4.1.2.1", version_is_3) \
	X(F02, A, ERROR, "RFC 5280 4.1.2.2", serial_is_positive) \
	X(F03, A, ERROR, "RFC 5280 4.1.2.2", serial_is_short) \
	X(F04, A, ERROR, "BR 7.1", serial_is_random) \
	X(F07, A, ERROR, "RFC 5280 4.1.2.8", no_unique_ids) \
	X(F09, A, ERROR, "", size_is_bounded) \
	X(V03, A, ERROR, "RFC 5280 4.1.2.5.1", dates_are_well_formed) \
	X(V01, A, ERROR, "RFC 5280 4.1.2.5", dates_are_in_order) \
	X(V02, A, ERROR, "RFC 5280 4.1.2.5", dates_have_the_right_type) \
	X(V04, A, ERROR, "BR 7.1.2", dates_are_nested) \
	X(V05, A, ERROR, "BR 7.1.2.10.1", begin_is_near) \
	X(V06, S, ERROR, "Apple 103769", server_is_short) \
	X(V07, S, WARNING, "BR 6.3.2", server_is_very_short) \
	X(V08, C, WARNING, "", ca_lives_long_enough) \
	X(V09, E, WARNING, "", issuer_lives_long_enough) \
	X(A01, A, ERROR, "BR 7.1.3.2", hash_is_strong) \
	X(A02, A, ERROR, "RFC 5758; BR 7.1.3.2", algorithm_is_exact) \
	X(A03, A, ERROR, "BR 7.1.3.2.2", hash_fits_the_curve) \
	X(K05, A, ERROR, "BR 6.1.5; RFC 5480", curve_is_known) \
	X(A04, A, ERROR, "", family_is_the_issuers) \
	X(K01, A, ERROR, "BR 6.1.5", modulus_is_large) \
	X(K02, A, ERROR, "BR 6.1.6", exponent_is_sound) \
	X(K03, A, ERROR, "BR 6.1.6", modulus_has_no_small_factor) \
	X(K04, A, ERROR, "BR 6.1.1.3", key_has_no_known_weakness) \
	X(K06, A, ERROR, "BR 7.1.3.1", key_parameters_are_exact) \
	X(K09, E, ERROR, "", key_is_not_the_issuers) \
	X(N01, A, ERROR, "RFC 5280 4.1.2.4; BR 7.1.4.1", issuer_name_is_copied) \
	X(N02, C, ERROR, "RFC 5280 4.1.2.6", ca_has_a_subject) \
	X(N03, C, ERROR, "BR 7.1.2.10.2", ca_has_a_common_name) \
	X(N04, A, ERROR, "BR 7.1.4.1", one_attribute_an_rdn) \
	X(N05, A, ERROR, "BR 7.1.4.1", no_attribute_twice) \
	X(N06, A, WARNING, "BR 7.1.4.2", attributes_are_in_order) \
	X(N07, A, ERROR, "RFC 5280 A.1", country_is_two_letters) \
	X(N08, A, ERROR, "RFC 5280 4.1.2.4", strings_are_utf8_or_printable) \
	X(N09, A, ERROR, "RFC 5280 A.1", strings_are_short) \
	X(N10, A, ERROR, "X.680", printable_is_printable) \
	X(N11, A, ERROR, "", strings_say_something) \
	X(N12, A, ERROR, "", strings_hold_no_controls) \
	X(N13, S, ERROR, "BR 7.1.4.3", common_name_is_an_alternative_name) \
	X(N14, S, INFORMATION, "BR 7.1.2.7", no_organization_unit) \
	X(N15, A, WARNING, "RFC 5280 4.1.2.6", no_email_in_subject) \
	X(X02, A, ERROR, "RFC 5280 4.2", no_extension_twice) \
	X(X03, A, ERROR, "X.690", extensions_are_der) \
	X(X33, A, ERROR, "", nothing_foreign) \
	X(X04, A, ERROR, "", only_extensions_of_the_profile) \
	X(X01, A, INFORMATION, "BR 7.1.2.11.2", has_crl_and_ocsp_addresses) \
	X(X05, A, ERROR, "RFC 5280 4.2.1.2", has_subject_key_id) \
	X(X06, A, ERROR, "RFC 5280 4.2.1.1; BR 7.1.2.11.1", authority_key_id_is_the_issuers) \
	X(X07, C, ERROR, "BR 7.1.2.1.3", root_authority_key_id_is_its_own) \
	X(X08, C, ERROR, "RFC 5280 4.2.1.9", ca_is_a_ca) \
	X(X09, E, ERROR, "RFC 5280 4.2.1.9", leaf_is_no_ca) \
	X(X10, C, ERROR, "RFC 5280 4.2.1.9", path_length_is_below_the_issuers) \
	X(X11, A, ERROR, "RFC 5280 4.2.1.3", key_usage_is_critical_der) \
	X(X12, C, ERROR, "BR 7.1.2.10.7", key_usage_of_a_ca) \
	X(X13, E, ERROR, "BR 7.1.2.7.11", key_usage_of_a_leaf) \
	X(X15, A, ERROR, "RFC 5280 4.2.1.12", purposes_are_well_formed) \
	X(X14, L, ERROR, "BR 7.1.2.7.10", exactly_one_purpose) \
	X(X16, A, ERROR, "", purpose_is_allowed_by_the_issuer) \
	X(X17, L, ERROR, "BR 7.1.2.7.12", has_alternative_names) \
	X(X18, L, ERROR, "RFC 5280 4.2.1.6", alternative_names_critical_without_subject) \
	X(X23, L, ERROR, "RFC 9525", wildcards_stand_left) \
	X(X19, L, ERROR, "RFC 5280 4.2.1.6", dns_names_are_legal) \
	X(X20, L, ERROR, "RFC 5280 4.2.1.6", addresses_are_legal) \
	X(X21, L, ERROR, "RFC 5280 4.2.1.6", emails_are_legal) \
	X(X22, L, ERROR, "RFC 5280 4.2.1.6", uris_are_legal) \
	X(X24, S, INFORMATION, "BR 4.2.2", names_are_public) \
	X(X25, A, ERROR, "RFC 5280 4.2.1.10", constraints_are_critical_and_of_cas) \
	X(X27, C, ERROR, "", constraints_are_of_checked_types) \
	X(X26, C, ERROR, "RFC 5280 4.2.1.10", constraints_are_legal) \
	X(X29, A, ERROR, "BR 7.1.2.11.2", crl_address_is_plain) \
	X(X30, A, ERROR, "RFC 5280 4.2.2.1", information_access_is_plain) \
	X(X31, O, ERROR, "RFC 6960 4.2.2.2", ocsp_signer_is_one) \
	X(X32, C, WARNING, "RFC 5280 4.2.1.4", policies_are_plain)

#define X(id, letter, severity, source, function) \
	const char *lint_##function(struct lint *lint);
LINT_RULES(X)
#undef X

#endif
