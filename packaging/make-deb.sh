#!/bin/sh
# Makes a Debian package out of `make install`: make-deb.sh VERSION BUILD_FOLDER. Needs dpkg-deb.
set -eu
version=$1
build=$2
here=$(cd "$(dirname "$0")" && pwd)
tree=$build/deb
arch=$(dpkg --print-architecture)
package=$build/sallyport_${version}_$arch.deb

rm -rf "$tree"
mkdir -p "$tree/DEBIAN"
"${MAKE:-make}" --no-print-directory install PREFIX=/usr DESTDIR="$tree"
strip --strip-unneeded "$tree/usr/bin/sallyport" "$tree/usr/sbin/sallyportd" \
	"$tree/usr/sbin/sallyport-worker"
gzip -9n "$tree"/usr/share/man/man*/*
mkdir -p "$tree/etc/sallyport"
cp "$here/copyright" "$tree/usr/share/doc/sallyport/copyright"

# The libraries' packages as the linker found them: their names carry no version to guess.
mkdir -p "$tree/debian"
printf 'Source: sallyport\n\nPackage: sallyport\nArchitecture: any\n' > "$tree/debian/control"
depends=$(cd "$tree" && dpkg-shlibdeps -O usr/bin/sallyport usr/sbin/sallyportd \
	usr/sbin/sallyport-worker 2>/dev/null | sed -n 's/^shlibs:Depends=//p')
rm -rf "$tree/debian"

size=$(du -ks "$tree" | cut -f1)
cat > "$tree/DEBIAN/control" <<CONTROL
Package: sallyport
Version: $version
Architecture: $arch
Maintainer: The Sallyport authors <sallyport@localhost>
Installed-Size: $size
Depends: $depends
Section: net
Priority: optional
Description: load balancer that admits only known clients
 A TCP load balancer that ends TLS, checks both sides of every connection, and
 passes on the bytes of clients with a good certificate, and of nobody else.
CONTROL
echo /etc/logrotate.d/sallyport > "$tree/DEBIAN/conffiles"
for script in postinst prerm postrm; do
	install -m 755 "$here/deb/$script" "$tree/DEBIAN/$script"
done
dpkg-deb --root-owner-group --build "$tree" "$package" >/dev/null
rm -rf "$tree"
echo "$package"
