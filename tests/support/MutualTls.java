/* Asks for https://ADDRESS:PORT/ N times with a PKCS#12 client certificate ("-": none) and prints
 * what it gets; the name of the server is not checked, its issuer is. */
import java.io.*;
import java.net.*;
import java.nio.file.*;
import java.security.*;
import java.security.cert.*;
import javax.net.ssl.*;

public class MutualTls {
    public static void main(String[] arguments) throws Exception {
        KeyManager[] keys = null;
        if (!arguments[2].equals("-")) {
            KeyStore store = KeyStore.getInstance("PKCS12");
            try (InputStream file = Files.newInputStream(Path.of(arguments[2]))) {
                store.load(file, "changeit".toCharArray());
            }
            KeyManagerFactory factory = KeyManagerFactory.getInstance("SunX509");
            factory.init(store, "changeit".toCharArray());
            keys = factory.getKeyManagers();
        }
        KeyStore trusted = KeyStore.getInstance("PKCS12");
        trusted.load(null, null);
        try (InputStream file = Files.newInputStream(Path.of(arguments[3]))) {
            trusted.setCertificateEntry("root",
                CertificateFactory.getInstance("X.509").generateCertificate(file));
        }
        TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
        trust.init(trusted);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(keys, trust.getTrustManagers(), null);
        for (int i = 0; i < Integer.parseInt(arguments[4]); i++) {
            URL url = new URL("https://" + arguments[0] + ":" + arguments[1] + "/");
            HttpsURLConnection connection = (HttpsURLConnection) url.openConnection();
            connection.setSSLSocketFactory(context.getSocketFactory());
            connection.setHostnameVerifier((name, session) -> true);
            connection.setRequestProperty("Connection", "close");
            try (InputStream body = connection.getInputStream()) {
                System.out.println(new String(body.readAllBytes()) + " "
                    + connection.getCipherSuite());
            } catch (IOException error) {
                System.out.println("refused: " + error.getMessage());
            }
        }
    }
}
