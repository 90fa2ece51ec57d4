// Tells the Makefile where the aws-lc-sys build put AWS-LC's headers and static libraries: writes
// a makefile fragment to the path in SALLYPORT_AWSLC_MK. Cargo hands the facts over as
// DEP_AWS_LC_<version>_<NAME> (the crate's README, "Native build metadata").
use std::env;

fn fact(name: &str) -> String {
    env::vars()
        .find(|(key, _)| key.starts_with("DEP_AWS_LC_") && key.ends_with(name))
        .map(|(_, value)| value)
        .unwrap_or_else(|| panic!("aws-lc-sys did not export {name}"))
}

fn main() {
    println!("cargo:rerun-if-env-changed=SALLYPORT_AWSLC_MK");
    if let Ok(path) = env::var("SALLYPORT_AWSLC_MK") {
        let text = format!(
            "AWSLC_INCLUDE := {}\nAWSLC_LIBS := {} {}\n",
            fact("_INCLUDE"),
            fact("_LIBSSL_PATH"),
            fact("_LIBCRYPTO_PATH")
        );
        std::fs::write(path, text).expect("could not write the makefile fragment");
    }
}
